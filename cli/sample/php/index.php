<!doctype html><title>Beanpole</title><h1>It works</h1><p>PHP <?= PHP_VERSION ?> is serving this page.</p>
