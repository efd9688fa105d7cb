<%@ page contentType="text/plain; charset=UTF-8" import="java.nio.file.*, java.net.InetAddress" trimDirectiveWhitespaces="true" %>
Hello from <%= application.getServerInfo() %> on <%= InetAddress.getLocalHost().getHostName() %>
<%-- Written by .ebextensions/01-hello.config. --%>
<% Path note = Path.of("/etc/hello.txt"); if (Files.exists(note)) out.print(Files.readString(note)); %>
