/** How large a cluster is simulated. All of it is real: nodes, connections, sessions, groups, and what they say. */
export interface SimulationQuestion {
  readonly gates: number;
  readonly sessionsAGate: number;
  /** All sessions are in groups of about so many, spread over all gates. */
  readonly groupSize: number;
  /** So many groups there are, those with them. The others have ten of the same sessions each. */
  readonly groups: number;
}

/** What came of it. Times are of one process that is all nodes and all clients. */
export interface SimulationFigures {
  readonly nodes: number;
  readonly sessions: number;
  readonly groups: number;
  /** What a node takes before anybody is connected. It knows all others. */
  readonly nodeKb: number;
  /** What a node says of itself to all others, in bytes of JSON: a gate, and the member. */
  readonly gateInfoBytes: number;
  readonly memberInfoBytes: number;
  /** What a connection and its session take at the gate, and the client's end in memory. */
  readonly sessionKb: number;
  /** What it takes besides, at gate and member, that the session is known at the member and in a group. */
  readonly guestKb: number;
  /** A session's first message to the member, which adds it to a group. */
  readonly joinMicros: number;
  readonly joinBytes: number;
  /** A push to one group in a turn of its own, until all of its members have it. */
  readonly push: PushFigures;
  /** One of a hundred pushes of the same turn, to as many groups. */
  readonly pushTogether: PushFigures;
  /** What a node does and sends in a second in which nobody says anything. */
  readonly restMicros: number;
  readonly restFrames: number;
}

/** What a push costs, all that is done for it. */
export interface PushFigures {
  readonly micros: number;
  /** Messages on links. */
  readonly frames: number;
  readonly bytes: number;
}
