<%@ page contentType="text/html; charset=UTF-8" %><!doctype html><title>Beanpole</title><h1>It works</h1><p><%= application.getServerInfo() %> is serving this page.</p>
