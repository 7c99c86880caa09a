const inspect = Symbol.for("nodejs.util.inspect.custom");

/**
 * Makes an object print as `label`, and as nothing in JSON. Its own members become non-enumerable, because recorders
 * of spans and outputs walk over them without asking `toJSON`.
 */
export function redact<T extends object>(object: T, label: string): T {
  for (const name of Object.keys(object)) {
    const member = Object.getOwnPropertyDescriptor(object, name);
    if (member?.configurable) Object.defineProperty(object, name, { enumerable: false });
  }
  return describeAs(object, label);
}

/** Makes an object print as `label`, its members left as they are. */
export function describeAs<T extends object>(object: T, label: string): T {
  Object.defineProperty(object, inspect, { value: () => label, enumerable: false, configurable: true });
  Object.defineProperty(object, "toJSON", { value: () => label, enumerable: false, configurable: true });
  return object;
}
