/**
 * Where a number is taken apart into its bytes, or put together. A view of a message's own bytes would cost an object a message, and move a
 * small one out of the heap.
 */
export const numbers = new DataView(new ArrayBuffer(8));
