import type { QueueClient } from "@azure/storage-queue";
import type { Pipeline } from "@azure/core-rest-pipeline";
import type { Endpoint } from "./connection";
import { isNotCreated } from "./failures";
import { decodeQueueText, encodeQueueText } from "./queue-text";
import { type Answer, type Call, ServiceClient } from "./service-client";
import { StorageRejectedError } from "./storage-errors";
import type { PeekedMessage, QueueStore, Receipt, ReceivedMessage } from "./storage";
import { elements, escapeXml, textOf } from "./xml";

const NEVER_EXPIRES = -1;
const XML_HEADERS = { "Content-Type": "application/xml; charset=UTF-8" };

/** One queue of Azure Storage. */
export class AzureQueue implements QueueStore {
  readonly #client: QueueClient;
  readonly #service: ServiceClient;
  readonly #path: string;

  /** @param pipeline The client's own, ending in our transport. */
  constructor(client: QueueClient, pipeline: Pipeline, endpoint: Endpoint) {
    this.#client = client;
    this.#service = new ServiceClient(pipeline, endpoint, `queue '${client.name}'`);
    this.#path = `/${client.name}/messages`;
  }

  createIfMissing(): Promise<void> {
    return this.#service.run(() => this.#client.createIfNotExists());
  }

  deleteIfPresent(): Promise<void> {
    return this.#service.run(() => this.#client.deleteIfExists());
  }

  async put(text: string, hiddenSeconds: number): Promise<Receipt> {
    const { text: xml } = await this.request({
      method: "POST",
      path: this.#path,
      query: { visibilitytimeout: wholeSeconds(hiddenSeconds), messagettl: NEVER_EXPIRES },
      headers: XML_HEADERS,
      body: messageXml(text),
    });
    return receiptOf(xml);
  }

  async receive(count: number, hiddenSeconds: number): Promise<readonly ReceivedMessage[]> {
    const { text: xml } = await this.request({
      method: "GET",
      path: this.#path,
      query: { numofmessages: count, visibilitytimeout: wholeSeconds(hiddenSeconds) },
    });
    return elements(xml, "QueueMessage").map((message) => ({ ...receiptOf(message), ...seenIn(message) }));
  }

  async peek(count: number): Promise<readonly PeekedMessage[]> {
    const query = { peekonly: "true", numofmessages: count };
    const { text: xml } = await this.request({ method: "GET", path: this.#path, query });
    return elements(xml, "QueueMessage").map(seenIn);
  }

  async count(): Promise<number> {
    const path = this.#path.slice(0, this.#path.lastIndexOf("/"));
    const answer = await this.request({ method: "GET", path, query: { comp: "metadata" } });
    return Number(answer.header("x-ms-approximate-messages-count") ?? 0);
  }

  async update(receipt: Receipt, hiddenSeconds: number, text?: string): Promise<Receipt> {
    const answer = await this.request({
      method: "PUT",
      path: this.messagePath(receipt),
      query: { popreceipt: receipt.popReceipt, visibilitytimeout: wholeSeconds(hiddenSeconds) },
      ...(text !== undefined && { headers: XML_HEADERS, body: messageXml(text) }),
    });
    return { messageId: receipt.messageId, popReceipt: answer.header("x-ms-popreceipt") ?? "" };
  }

  async delete(receipt: Receipt): Promise<boolean> {
    const answer = await this.#service.send({
      method: "DELETE",
      path: this.messagePath(receipt),
      query: { popreceipt: receipt.popReceipt },
    });
    if (answer.ok) return true;
    const refusal = this.#service.refusal(answer);
    if (refusal.code === "PopReceiptMismatch" || (refusal.status === 404 && !isNotCreated(refusal)))
      return false;
    throw this.#service.refusalError(refusal);
  }

  private messagePath(receipt: Receipt): string {
    return `${this.#path}/${encodeURIComponent(receipt.messageId)}`;
  }

  private async request(call: Call): Promise<Answer> {
    const answer = await this.#service.send(call);
    if (!answer.ok) throw this.#service.refusalError(this.#service.refusal(answer));
    return answer;
  }
}

/** Azurite takes fractions, the service does not. */
function wholeSeconds(seconds: number): number {
  if (Number.isInteger(seconds)) return seconds;
  throw new StorageRejectedError(
    `Visibility of ${seconds} seconds: it takes whole ones.`,
    "OutOfRangeQueryParameterValue",
  );
}

function messageXml(text: string): string {
  return `<QueueMessage><MessageText>${escapeXml(encodeQueueText(text))}</MessageText></QueueMessage>`;
}

function receiptOf(xml: string): Receipt {
  return { messageId: textOf(xml, "MessageId"), popReceipt: textOf(xml, "PopReceipt") };
}

function seenIn(xml: string): PeekedMessage {
  return {
    text: decodeQueueText(textOf(xml, "MessageText")),
    dequeueCount: Number(textOf(xml, "DequeueCount")),
    insertedOn: Date.parse(textOf(xml, "InsertionTime")),
  };
}
