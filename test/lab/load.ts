/** Requests in loops while something happens to the cluster: how many were made, and which failed. */

import { Connection, get } from './http.js';

/** Milliseconds between two requests of one loop. */
const PAUSE = 10;

export interface Client {
  ask(): Promise<unknown>;
  close?(): void;
}

/** One request after the other, each on a connection of its own. */
export function newConnections(netns: string | undefined, ip: string): Client {
  return { ask: () => get(netns, ip, 80, '/hostname') };
}

/** All requests on one connection, which must last. */
export function lasting(netns: string | undefined, ip: string): Client {
  const connection = new Connection(netns, ip, 80);
  return { ask: () => connection.get('/hostname'), close: () => connection.close() };
}

/** All requests on one connection, and on another once the server has said that it will close that one (RFC 9112 §9.6). */
export function polite(netns: string | undefined, ip: string): Client {
  let connection = new Connection(netns, ip, 80);
  return {
    async ask() {
      await connection.get('/hostname');
      if (!connection.closing) return;
      connection.close();
      connection = new Connection(netns, ip, 80);
    },
    close: () => connection.close(),
  };
}

/** All clients ask until `stop`. */
export function startLoad(clients: readonly Client[]) {
  let going = true;
  let requests = 0;
  const failures: string[] = [];
  const loop = async ({ ask, close }: Client) => {
    while (going && failures.length < 20) {
      try {
        await ask();
        requests++;
      } catch (error) {
        failures.push((error as Error).message);
      }
      await new Promise(resolve => setTimeout(resolve, PAUSE));
    }
    close?.();
  };
  const loops = clients.map(loop);
  return {
    async stop() {
      // A little longer than what happened lasted, to see what comes after it.
      await new Promise(resolve => setTimeout(resolve, 300));
      going = false;
      await Promise.all(loops);
      return { requests, failures };
    },
  };
}
