// What a number's type does not hold is refused before it is written. Each check by itself: a bundler leaves out what is not used.

/** @throws RangeError when it is not a whole number from `least` to `most`, or its text */
export function validInteger(value: unknown, least: number, most: number, type: string): number {
  const number = typeof value === "string" ? Number(value) : value;
  if (typeof number !== "number" || !Number.isInteger(number) || number < least || number > most) {
    throw invalid(type, value);
  }
  return number;
}

/** @throws RangeError when it is no signed integer of 64 bits */
export function validInt64(value: bigint | number | string, type: string): bigint {
  const integer = BigInt(value);
  if (BigInt.asIntN(64, integer) !== integer) {
    throw invalid(type, value);
  }
  return integer;
}

/** @throws RangeError when it is no integer of 64 bits without a sign */
export function validUint64(value: bigint | number | string, type: string): bigint {
  const integer = BigInt(value);
  if (BigInt.asUintN(64, integer) !== integer) {
    throw invalid(type, value);
  }
  return integer;
}

/** @throws RangeError when it is no number, or a finite one too great for 32 bits of floating point */
export function validFloat(value: unknown): number {
  const number = typeof value === "string" ? Number(value) : value;
  if (
    typeof number !== "number" ||
    (Number.isNaN(number) && typeof value === "string" && value !== "NaN") ||
    (Number.isFinite(number) && !Number.isFinite(Math.fround(number)))
  ) {
    throw invalid("float", value);
  }
  return number;
}

function invalid(type: string, value: unknown): RangeError {
  return new RangeError(`${String(value)} is no ${type}`);
}
