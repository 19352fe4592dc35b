/** A property called `__proto__` would be the object's prototype if it stood there as it is. */
export function propertyKey(name: string): string {
  if (name === "__proto__") {
    return '["__proto__"]';
  }
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}
