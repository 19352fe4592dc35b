/** Clients of every kind at one server. */
export interface SoakCase {
  readonly name: string;
  readonly kind: "soak";
  readonly summary: string;
  readonly comparisons: readonly { readonly name: string; readonly title: string }[];
}

/** What a server must stand: mixed clients, for a while. */
export const soak: SoakCase = {
  name: "soak",
  kind: "soak",
  summary: "clients of every kind at one server: who keeps to the rules must notice nothing of the others",
  comparisons: [
    {
      name: "mixed",
      title: "of a hundred: 60 steady, 10 cut again and again, 10 that read nothing, 10 with garbage, 10 half-open",
    },
  ],
};
