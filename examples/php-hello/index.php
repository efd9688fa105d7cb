<?php
// Says which instance answers.
header('Content-Type: text/plain; charset=utf-8');
echo 'Hello from PHP ', PHP_VERSION, ' (', PHP_SAPI, ') on ', gethostname(), "\n";
// Written by .ebextensions/01-hello.config.
if (is_file('/etc/hello.txt')) {
    readfile('/etc/hello.txt');
}
