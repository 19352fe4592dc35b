/** A property called `__proto__` would be the object's prototype if it stood there as it is. */
export function propertyKey(name: string): string {
  if (name === "__proto__") {
    return '["__proto__"]';
  }
  return isPlain(name) ? name : JSON.stringify(name);
}

/** `.name`, or `["some name"]`. */
export function propertyAccess(name: string): string {
  return isPlain(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}

function isPlain(name: string): boolean {
  return /^[A-Za-z_$][\w$]*$/.test(name);
}
