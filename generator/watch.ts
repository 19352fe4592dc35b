import type { CommandContext } from "./command-context.js";
import { GeneratorError } from "./error.js";
import { emptyLock, formatRoutesLock, parseRoutesLock } from "./model/routes-lock.js";
import type { TemplateTexts } from "./model/template-texts.js";
import { readSettings, type Settings } from "./read/config.js";
import { FolderWatcher, watchedFolders } from "./read/folder-watcher.js";
import type { OptionValues } from "./read/option-table.js";
import { type OwnPackage, readOwnPackage } from "./read/package-root.js";
import { type ProtoFile, readProtoFiles } from "./read/proto-files.js";
import { readTemplates } from "./read/templates.js";
import { WarmGenerator } from "./warm-generator.js";
import { RememberingReader, readIfThere } from "./write/output.js";
import { writeGenerated } from "./write-generated.js";

/** What a run was made of: when nothing of it changed, there is nothing to do. */
interface Inputs {
  readonly settings: Settings;
  readonly files: readonly ProtoFile[];
  readonly lockText: string | undefined;
  readonly templates: TemplateTexts;
}

/** How long it must be quiet before a change is taken up: an editor that saves makes several events. */
const quietMs = 10;
/** How long a change waits at most while more come. */
const longestWaitMs = 100;

/**
 * `nanowire generate --watch`: generates, and again after every change, until it is told to end. An error is told, and what is
 * written stays as it is until the next change.
 *
 * @returns 0, once it was told to end
 * @throws GeneratorError when a package that the generator needs is missing
 */
export async function watchProject(flags: OptionValues, context: CommandContext): Promise<number> {
  const stop = context.untilStopped?.() ?? new AbortController().signal;
  const changes = new Changes(stop);
  const watcher = new FolderWatcher(() => changes.notice());
  const project = new WatchedProject(flags, context, watcher);
  try {
    do {
      await project.generate(stop);
    } while (await changes.next());
  } finally {
    watcher.close();
  }
  context.print("stopped");
  return 0;
}

/** A project that is generated whenever it has changed. */
class WatchedProject {
  readonly #flags: OptionValues;
  readonly #context: CommandContext;
  readonly #watcher: FolderWatcher;
  readonly #own: OwnPackage;
  readonly #generator: WarmGenerator;
  readonly #reader: RememberingReader;
  #last: Inputs | undefined;
  #lastError = "";
  #isFirst = true;

  constructor(flags: OptionValues, context: CommandContext, watcher: FolderWatcher) {
    this.#flags = flags;
    this.#context = context;
    this.#watcher = watcher;
    this.#own = readOwnPackage();
    this.#generator = new WarmGenerator(this.#own, context.directory);
    this.#reader = new RememberingReader(context.directory);
  }

  /** Looks at what is there, and generates when it is another than the last time. */
  async generate(stop: AbortSignal): Promise<void> {
    const start = performance.now();
    const { print, printError } = this.#context;
    try {
      if (await this.#generateChanged()) {
        print(`generated in ${Math.round(performance.now() - start)} ms`);
        this.#lastError = "";
      }
    } catch (error) {
      if (!(error instanceof GeneratorError) && !(error instanceof Error && "syscall" in error)) {
        throw error;
      }
      // Told to end from a terminal, the compiler ends too, and that is no error.
      if (!stop.aborted && error.message !== this.#lastError) {
        printError(error.message);
        printError("nothing was written; waiting for the next change");
      }
      this.#lastError = error.message;
    }
    if (this.#isFirst) {
      this.#isFirst = false;
      print("watching; Ctrl+C ends it");
    }
  }

  async #generateChanged(): Promise<boolean> {
    const { directory } = this.#context;
    // Folders are watched before they are read: what happens meanwhile is an event.
    this.#watcher.add(directory);
    const settings = readSettings(directory, this.#flags);
    const { templatesDirectory: folder, lockFile } = settings;
    const files = folder === undefined ? [lockFile] : [lockFile, `${folder}/server.hbs`];
    this.#watcher.watch(watchedFolders(directory, settings.protoRoots, files));
    const inputs: Inputs = {
      settings,
      files: readProtoFiles(directory, settings.protoRoots),
      lockText: readIfThere(directory, lockFile),
      templates: readTemplates(this.#own, { directory, folder }),
    };
    if (this.#last !== undefined && isSame(this.#last, inputs)) {
      return false;
    }
    this.#last = inputs;
    const { lockText } = inputs;
    const lock = lockText === undefined ? emptyLock : parseRoutesLock(lockText, lockFile);
    const generated = await this.#generator.generate(inputs.files, settings, lock, inputs.templates);
    writeGenerated(generated, lockText, settings, this.#context, this.#reader);
    this.#last = { ...inputs, lockText: formatRoutesLock(generated.lock) };
    return true;
  }
}

/** Turns events into changes: one for all that come close together. */
class Changes {
  readonly #stop: AbortSignal;
  #wake: (() => void) | undefined;
  #first: number | undefined;
  #last = 0;

  constructor(stop: AbortSignal) {
    this.#stop = stop;
    stop.addEventListener("abort", () => this.#wake?.());
  }

  /** Something happened. */
  notice(): void {
    this.#last = performance.now();
    this.#first ??= this.#last;
    this.#wake?.();
  }

  /** Resolved with true when something happened and it has been quiet since, with false when it is time to end. */
  async next(): Promise<boolean> {
    while (!this.#stop.aborted) {
      const now = performance.now();
      if (this.#first === undefined) {
        await this.#woken();
      } else if (now - this.#last >= quietMs || now - this.#first >= longestWaitMs) {
        this.#first = undefined;
        return true;
      } else {
        await this.#woken(quietMs);
      }
    }
    return false;
  }

  #woken(timeoutMs?: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = timeoutMs === undefined ? undefined : setTimeout(() => this.#wake?.(), timeoutMs);
      this.#wake = () => {
        this.#wake = undefined;
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function isSame(a: Inputs, b: Inputs): boolean {
  return (
    JSON.stringify([a.settings, a.templates]) === JSON.stringify([b.settings, b.templates]) &&
    a.lockText === b.lockText &&
    a.files.length === b.files.length &&
    a.files.every((file, index) => {
      const other = b.files[index];
      return other !== undefined && file.path === other.path && Buffer.from(file.bytes).equals(other.bytes);
    })
  );
}
