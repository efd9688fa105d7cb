// Beanpole's Node.js sample: answers every request with a small page.
const http = require("node:http");

const page = `<!doctype html>
<title>It works</title>
<h1>It works</h1>
<p>This is Beanpole's Node.js sample. Deploy your own application with <code>bp deploy</code>.</p>
`;

const server = http.createServer((request, response) => {
  response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" });
  response.end(page);
});

server.listen(Number(process.env.PORT || 8080));
process.on("SIGTERM", () => server.close(() => process.exit(0)));
