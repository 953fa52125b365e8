// Sends batches of spans with a stock exporter, one after the other, and says which of them were acknowledged.
// node export.js proto|http|grpc URL BATCHES PAUSE_MS: a line of JSON with the span ids for each acknowledged batch.
const { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } = require("@opentelemetry/sdk-trace-base");

const [kind, url, batches, pause] = process.argv.slice(2);
const { OTLPTraceExporter } = require(`@opentelemetry/exporter-trace-otlp-${kind}`);
const exporter = new OTLPTraceExporter({ url });
const memory = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(memory)] });
const tracer = provider.getTracer("javascript");
const send = (spans) => new Promise((done) => exporter.export(spans, done));
const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

async function main() {
  for (let batch = 0; batch < Number(batches); batch++) {
    memory.reset();
    for (let n = 0; n < 20; n++) tracer.startSpan(`javascript ${kind}`, { attributes: { batch, n } }).end();
    const spans = memory.getFinishedSpans();
    const result = await send(spans);
    if (result.code === 0) console.log(JSON.stringify(spans.map((span) => span.spanContext().spanId)));
    else console.error(String(result.error));
    await wait(Number(pause));
  }
  await exporter.shutdown();
}

main();
