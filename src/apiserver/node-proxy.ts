/** What the API server asks of a node's kubelet on behalf of kubectl. Knows no transport; the lab's kubelet implements it. */

import type { Duplex, Readable, Writable } from 'node:stream';

export interface PodRef {
  readonly namespace: string;
  readonly name: string;
}

/** The query of GET …/pods/NAME/log. */
export interface LogOptions {
  readonly container?: string;
  readonly follow?: boolean;
  readonly previous?: boolean;
  readonly tailLines?: number;
  readonly limitBytes?: number;
  readonly sinceSeconds?: number;
  readonly sinceTime?: string;
  readonly timestamps?: boolean;
}

/** The query of …/pods/NAME/exec and …/attach; `command` is empty for attach. */
export interface ExecOptions {
  readonly container?: string;
  readonly command: readonly string[];
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** A running command and its streams; with a tty, stdout carries everything. */
export interface ExecSession {
  readonly stdin?: Writable;
  readonly stdout?: Readable;
  readonly stderr?: Readable;
  /** Columns and rows of the terminal, from kubectl's resize channel. */
  resize(columns: number, rows: number): void;
  /** The exit code; 128 + n after signal n. */
  readonly exit: Promise<number>;
  /** The client went away. */
  kill(): void;
}

/** Failures are ApiError (see status.ts), so that kubectl prints what a cluster's would. */
export interface NodeProxy {
  logs(pod: PodRef, options: LogOptions): Promise<Readable>;
  exec(pod: PodRef, options: ExecOptions): Promise<ExecSession>;
  attach(pod: PodRef, options: ExecOptions): Promise<ExecSession>;
  /** A TCP connection to that port on the Pod's own loopback. */
  portForward(pod: PodRef, port: number): Promise<Duplex>;
}
