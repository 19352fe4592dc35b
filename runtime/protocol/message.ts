/*
 * The message layer (PROTOCOL.md, 2): what the body of a data packet is.
 *
 *     +--------+- - - - - - - - -+- - - - - - - - - - - -+---- - -
 *     |  flag  |  id (varint)    |  route                |  payload, to the end
 *     +--------+- - - - - - - - -+- - - - - - - - - - - -+---- - -
 *                request,          request, notify, push:
 *                response          C=1: code, 2 bytes (BE)
 *                                  C=0: length, 1 byte, then UTF-8
 *
 *     flag:  0 0 E G T T T C     C route is a code · TTT type · G payload is compressed · E payload is an error
 */

/** Flag bit C: the route is a code of the dictionary. */
export const flagCompressedRoute = 0x01;

/** How far the type is shifted in the flag. */
export const flagTypeShift = 1;

/** The type's bits, shifted down. */
export const flagTypeMask = 0x07;

/** Flag bit G: the payload is a zlib stream (pitaya). */
export const flagCompressedPayload = 0x10;

/** Flag bit E: the payload is an error, not the reply (pitaya). */
export const flagError = 0x20;

/** The bits that are always 0. */
export const flagReserved = 0xc0;

/**
 * Ties a response to its request: 1 to 2^64-1. It is a number as long as a number holds it exactly.
 */
export type MessageId = number | bigint;
