# The sample of Beanpole's Ruby platform.
run lambda { |_|
  page = "<!doctype html><title>Beanpole</title><h1>It works</h1><p>Ruby #{RUBY_VERSION} is serving this page.</p>\n"
  [200, { 'content-type' => 'text/html; charset=utf-8' }, [page]]
}
