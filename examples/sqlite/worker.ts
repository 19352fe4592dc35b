import { parentPort, workerData } from "node:worker_threads";
import sqlite from "node-sqlite3-wasm";
import type { Outcome, Row, Statement } from "./statement.js";

// The database's own thread: what takes a second here keeps nobody waiting but those who have asked.
const database = new sqlite.Database((workerData as { readonly file: string }).file);

parentPort?.on("message", (statement: Statement | undefined) => {
  if (statement === undefined) {
    // Nobody asks any more. With the port the thread's last work is gone, and it ends.
    database.close();
    parentPort?.close();
  } else {
    parentPort?.postMessage(answer(statement));
  }
});

function answer({ id, sql, values }: Statement): Outcome {
  try {
    return { id, rows: database.all(sql, [...values]) as Row[] };
  } catch (error) {
    return { id, error: (error as Error).message };
  }
}
