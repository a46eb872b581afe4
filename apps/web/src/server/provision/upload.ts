/** Files onto a rig over SFTP. What was there already of a broken upload is not sent again; its hash tells whether it may stay. */
import { open } from "node:fs/promises";
import type { SFTPWrapper } from "ssh2";
import { plainText } from "./plain_text.ts";
import { SshTrouble } from "./ssh_link.ts";

const CHUNK_BYTES = 32_768;
/** Written at once: one at a time would cost a round trip each. */
const IN_FLIGHT_MAX = 32;

type Done = (error?: Error | null) => void;
const wait = (start: (done: Done) => void): Promise<void> =>
  new Promise((resolve, reject) => start((error) => (error ? reject(error) : resolve())));

/** The folder of a user's own that holds what is staged, made 0700. Answers its full path. */
export async function makeStage(sftp: SFTPWrapper, name: string): Promise<string> {
  const home = await new Promise<string>((resolve, reject) =>
    sftp.realpath(".", (error, path) => (error ? reject(error) : resolve(path))),
  );
  const path = `${home.replace(/\/$/, "")}/${name}`;
  try {
    await wait((done) => sftp.mkdir(path, { mode: 0o700 }, done));
  } catch (error) {
    const kind = await lstat(sftp, path);
    if (kind === null) throw fileTrouble(error, path);
    if (!kind.isDirectory()) throw new SshTrouble("refused", `${path} is there and is no folder. Remove it.`);
    await wait((done) => sftp.chmod(path, 0o700, done)).catch((failed: unknown) => {
      throw fileTrouble(failed, path);
    });
  }
  return path;
}

export async function writeSmallFile(sftp: SFTPWrapper, path: string, content: Buffer | string): Promise<void> {
  try {
    await wait((done) => sftp.unlink(path, () => done()));
    await wait((done) => sftp.writeFile(path, Buffer.from(content), { mode: 0o600, flag: "wx" }, done));
  } catch (error) {
    throw fileTrouble(error, path);
  }
}

/** Sends a file to `path`, from where an earlier upload of it stopped. `onProgress` hears the bytes that are there. */
export async function uploadFile(
  sftp: SFTPWrapper,
  local: string,
  path: string,
  onProgress: (bytes: number, total_bytes: number) => void,
): Promise<{ resumed_at_bytes: number }> {
  const file = await open(local, "r");
  try {
    const total_bytes = (await file.stat()).size;
    const there = await lstat(sftp, path);
    const resumed_at_bytes = there?.isFile() && there.size <= total_bytes ? there.size : 0;
    if (there !== null && resumed_at_bytes === 0) await wait((done) => sftp.unlink(path, () => done()));
    const handle = await new Promise<Buffer>((resolve, reject) =>
      sftp.open(path, resumed_at_bytes > 0 ? "r+" : "wx", { mode: 0o600 }, (error, opened) =>
        error ? reject(error) : resolve(opened),
      ),
    );
    let next = resumed_at_bytes;
    let failed = false;
    const sender = async () => {
      while (next < total_bytes && !failed) {
        const at = next;
        const length = Math.min(CHUNK_BYTES, total_bytes - at);
        next += length;
        const chunk = Buffer.allocUnsafe(length);
        const { bytesRead } = await file.read(chunk, 0, length, at);
        if (bytesRead !== length) throw new Error(`${local} became shorter while it was read`);
        try {
          await wait((done) => sftp.write(handle, chunk, 0, length, at, done));
        } catch (error) {
          failed = true;
          throw error;
        }
        onProgress(at + length, total_bytes);
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT_MAX }, sender));
    await wait((done) => sftp.close(handle, done));
    return { resumed_at_bytes };
  } catch (error) {
    throw fileTrouble(error, path);
  } finally {
    await file.close();
  }
}

function lstat(sftp: SFTPWrapper, path: string) {
  return new Promise<{ isDirectory(): boolean; isFile(): boolean; size: number } | null>((resolve) =>
    sftp.lstat(path, (error, stats) => resolve(error ? null : stats)),
  );
}

/** SFTP has few codes (draft-ietf-secsh-filexfer-02, 7): a full disk is a plain failure. */
function fileTrouble(error: unknown, path: string): Error {
  if (error instanceof SshTrouble) return error;
  const { code, message } = error as { code?: unknown; message?: string };
  if (code === 3) return new SshTrouble("refused", `${path} cannot be written: permission denied.`);
  if (code === 4) return new SshTrouble("refused", `${path} cannot be written: the disk is full or read-only.`);
  if (/no response|closed|ended|not connected/i.test(message ?? ""))
    return new SshTrouble("dropped", "The connection broke while files were sent.");
  return new SshTrouble("refused", `${path} cannot be written: ${plainText(message ?? String(error), 200)}.`);
}
