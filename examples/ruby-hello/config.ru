# Says which instance answers.
require 'socket'

# Written by .ebextensions/01-hello.config.
note = File.exist?('/etc/hello.txt') ? File.read('/etc/hello.txt') : ''

run lambda { |env|
  text = "Hello from Ruby #{RUBY_VERSION} and #{env['SERVER_SOFTWARE']} on #{Socket.gethostname}\n#{note}"
  [200, { 'content-type' => 'text/plain' }, [text]]
}
