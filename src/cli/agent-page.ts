/** Pages of a node's agent, by its socket on this machine. */

import { type IncomingMessage, request } from 'node:http';
import { places } from '../lab/places.js';
import { PodwireError } from '../report/errors.js';

/** Throws PW-L811 when the node's agent does not answer, or says that it cannot. */
export async function agentPage(lab: string, node: string, path: string): Promise<IncomingMessage> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const asking = request({ socketPath: places(lab).node(node).healthSocket, path, agent: false }, resolve);
    asking.on('error', error => reject(new PodwireError('PW-L811', { node, problem: error.message })));
    asking.end();
  });
  if (response.statusCode === 200) return response;
  throw new PodwireError('PW-L811', { node, problem: (await textOf(response)).trim() });
}

export async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return text;
}
