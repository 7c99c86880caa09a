/** What we use of `@opentelemetry/sdk-trace-node` 2; the project's core brings the package. */
export interface Otel {
  NodeTracerProvider: new (options: {
    spanProcessors: SpanProcessor[];
    spanLimits: { attributeValueLengthLimit: number; eventCountLimit: number; linkCountLimit: number };
  }) => { register(options: { propagator: null }): void };
}

export interface SpanProcessor {
  onStart(span: Span): void;
  onEnd(span: Span): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

export interface Span {
  name: string;
  attributes: Record<string, unknown>;
  status: { code: number; message?: string };
  events: { name: string; attributes?: Record<string, unknown> }[];
  /** Seconds since the epoch, and nanoseconds. */
  startTime: [number, number];
  duration: [number, number];
  parentSpanContext?: { spanId: string };
  spanContext(): { spanId: string };
}
