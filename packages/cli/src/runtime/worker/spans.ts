import type { Core } from "./core.js";
import type { EndedSpan } from "./messages.js";
import type { Span, SpanProcessor } from "./otel.js";
import { currentScope, type Scope } from "./scope.js";

/** Spans of one attempt that are kept: a loop that traces mustn't fill the disk. */
const mostSpans = 1000;
const mostAttributes = 50;
const longestName = 200;
const longestText = 1000;

/** Names of what carries rights, or whole requests. */
const secretName =
  /header|authorization|cookie|token|secret|passw|credential|api[-_.]?key|supabase[-_.]?key|jwt|connection[-_.]?string/i;
const secretValue = /\beyJ[\w-]{8,}\.|\bsb_secret_|\btr_\w+_\w{16}|\bBearer\s|:\/\/[^/\s:@]*:[^/\s@]+@/i;

/**
 * Has the spans of task code and of the SDK kept with the attempt that began them. A real provider also gives spans their parents:
 * its context follows asynchronous code, as the attempt itself does.
 */
export function installSpans({ otel }: Core): void {
  const owners = new WeakMap<object, Scope>();
  const processor: SpanProcessor = {
    onStart(span) {
      const scope = currentScope();
      if (scope) owners.set(span, scope);
    },
    onEnd(span) {
      const scope = owners.get(span);
      if (scope && !scope.abandoned) keep(scope, span);
    },
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  const provider = new otel.NodeTracerProvider({
    spanProcessors: [processor],
    spanLimits: { attributeValueLengthLimit: longestText, eventCountLimit: 8, linkCountLimit: 0 },
  });
  // No propagator: what the runtime is asked for needs no trace headers.
  provider.register({ propagator: null });
}

function keep(scope: Scope, span: Span): void {
  // A copy that the SDK ends at once, for a dashboard that shows what has only begun.
  if (span.attributes["$span.partial"] || scope.spanCount >= mostSpans) return;
  scope.spanCount += 1;
  scope.spans.push({
    name: span.name.slice(0, longestName),
    spanId: span.spanContext().spanId,
    parentSpanId: span.parentSpanContext?.spanId ?? null,
    startedAt: new Date(span.startTime[0] * 1000 + span.startTime[1] / 1e6),
    durationMs: span.duration[0] * 1000 + span.duration[1] / 1e6,
    // What an init hook returns becomes attributes, a Supabase client with its keys among them.
    attributes: span.name === "init()" ? {} : pickAttributes(span.attributes),
    error: readError(span),
  });
}

/** The spans that ended since this was last asked. */
export function takeSpans(scope: Scope): EndedSpan[] {
  return scope.spans.splice(0);
}

/**
 * The spans left when an attempt has ended. Of one that succeeded with nothing inside, `Attempt` and `run()` say no more than the run's row
 * does: keeping them would make an empty task a quarter slower.
 */
export function takeLastSpans(scope: Scope, ok: boolean): EndedSpan[] {
  return ok && scope.spanCount <= 2 ? [] : takeSpans(scope);
}

/** Attributes that say something to people: not those that style a dashboard, repeat the run's data, or may hold a secret. */
function pickAttributes(attributes: Span["attributes"]): EndedSpan["attributes"] {
  const picked: EndedSpan["attributes"] = {};
  let count = 0;
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || name.startsWith("$") || name.startsWith("ctx.") || isSecret(name, value))
      continue;
    picked[name] = value;
    count += 1;
    if (count === mostAttributes) break;
  }
  return picked;
}

function isSecret(name: string, value: unknown): boolean {
  if (secretName.test(name)) return true;
  return [value].flat().some((one) => typeof one === "string" && secretValue.test(one));
}

function readError({ status, events }: Span): string | null {
  const exception = events.findLast((event) => event.name === "exception");
  const message = exception?.attributes?.["exception.message"] ?? status.message;
  // 2 is ERROR of SpanStatusCode.
  if (status.code !== 2 && !exception) return null;
  return String(message ?? "unknown").slice(0, longestText);
}
