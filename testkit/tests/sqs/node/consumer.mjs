// Says each body that it is handed; does not get on with `poison`.
import { SQSClient } from "@aws-sdk/client-sqs";
import { Consumer } from "sqs-consumer";

const [endpoint, queueUrl] = process.argv.slice(2);
const consumer = Consumer.create({
  queueUrl,
  sqs: new SQSClient({ endpoint }),
  batchSize: 10,
  waitTimeSeconds: 5,
  // A failed message is visible again at once.
  terminateVisibilityTimeout: true,
  handleMessage: async (message) => {
    console.log(`handed ${message.Body}`);
    if (message.Body === "poison") throw new Error("cannot stomach it");
    return message;
  },
});
consumer.on("error", (error) => console.log(`error ${error.message}`));
consumer.on("processing_error", (error) => console.log(`failed ${error.message}`));
consumer.start();
