// Says which instance answers. PORT comes from Beanpole.
const { createServer } = require("node:http");
const { existsSync, readFileSync } = require("node:fs");
const { hostname } = require("node:os");

// Written by .ebextensions/01-hello.config.
const note = existsSync("/etc/hello.txt") ? readFileSync("/etc/hello.txt") : "";

const server = createServer((request, response) => {
  response.setHeader("content-type", "text/plain");
  response.end(`Hello from Node.js on ${hostname()}\n${note}`);
});
server.listen(process.env.PORT);
process.on("SIGTERM", () => server.close(() => process.exit(0)));
