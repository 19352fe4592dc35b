/** How much of what may wait for a client may be filled with what may be lost; the rest is for what must arrive. */
export const mostOfLosable = 0.75;
