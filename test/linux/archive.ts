/** Writes a cpio archive as Linux unpacks it for an initial file system: executables, all in one folder. */
export function archive(folder: string, files: Record<string, Uint8Array>): Uint8Array {
  const parts = [entry(folder, FOLDER, new Uint8Array(0))];
  for (const [name, bytes] of Object.entries(files))
    parts.push(entry(`${folder}/${name}`, EXECUTABLE, bytes));
  parts.push(entry('TRAILER!!!', 0, new Uint8Array(0)));
  return Buffer.concat(parts);
}

const FOLDER = 0o40755;
const EXECUTABLE = 0o100755;

/** The format `newc`: thirteen numbers of eight hexadecimal digits, the name, the bytes; both padded to four. */
function entry(name: string, mode: number, bytes: Uint8Array): Uint8Array {
  const numbers = [0, mode, 0, 0, 1, 0, bytes.length, 0, 0, 0, 0, name.length + 1, 0];
  const header = `070701${numbers.map((number) => number.toString(16).padStart(8, '0')).join('')}${name}\0`;
  return Buffer.concat([padded(new TextEncoder().encode(header)), padded(bytes)]);
}

function padded(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  whole.set(bytes);
  return whole;
}
