import type { Target } from "../target.js";

/** Targets with a fault each, by which the fuzzer itself is tested. They run only when they are named. */
export const plantedTargets: readonly Target[] = [
  {
    name: "planted-fault",
    open: () => ({
      run(input) {
        if (input.length > 3 && input[1] === 0xff) {
          throw new TypeError("the second byte is 255");
        }
        return true;
      },
    }),
  },
  {
    name: "planted-hang",
    open: () => ({
      run(input) {
        while (input[0] === 0xff) {
          // For ever.
        }
        return true;
      },
    }),
  },
  {
    name: "planted-growth",
    open() {
      const kept: Uint8Array[] = [];
      return {
        run: (input) => kept.push(new Uint8Array(1_024).fill(input.length)) > 0,
      };
    },
  },
  {
    name: "planted-rejection",
    open: () => ({
      run(input) {
        if (input.length === 0) {
          void Promise.reject(new TypeError("nobody waits for it"));
        }
        return true;
      },
    }),
  },
];
