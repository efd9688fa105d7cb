// Says which instance answers. PORT comes from Beanpole.
const { createServer } = require("node:http");
const { hostname } = require("node:os");

const server = createServer((request, response) => {
  response.setHeader("content-type", "text/plain");
  response.end(`Hello from Node.js on ${hostname()}\n`);
});
server.listen(process.env.PORT);
process.on("SIGTERM", () => server.close(() => process.exit(0)));
