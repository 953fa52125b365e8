// Sends batches of spans with a stock exporter, one after the other until standard input ends.
// node export.js proto|http|grpc URL: a line of JSON with the span ids for each batch that was acknowledged.
const { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } = require("@opentelemetry/sdk-trace-base");

const [kind, url] = process.argv.slice(2);
const { OTLPTraceExporter } = require(`@opentelemetry/exporter-trace-otlp-${kind}`);
const exporter = new OTLPTraceExporter({ url });
const memory = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(memory)] });
const tracer = provider.getTracer("javascript");
const send = (spans) => new Promise((done) => exporter.export(spans, done));
const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

let stopped = false;
process.stdin.on("end", () => (stopped = true)).resume();

async function main() {
  for (let batch = 0; !stopped; batch++) {
    memory.reset();
    for (let n = 0; n < 20; n++) tracer.startSpan(`javascript ${kind}`, { attributes: { batch, n } }).end();
    const spans = memory.getFinishedSpans();
    const result = await send(spans);
    if (result.code === 0) console.log(JSON.stringify(spans.map((span) => span.spanContext().spanId)));
    else console.error(String(result.error));
    await wait(50);
  }
  await exporter.shutdown();
}

main();
