/** The way from the command line to a lab's API server: its admin kubeconfig, one HTTP/2 session. */

import { existsSync } from 'node:fs';
import { Api } from '../client/api.js';
import { httpsTransport } from '../client/https-transport.js';
import { readKubeconfig } from '../client/kubeconfig.js';
import { places } from '../lab/places.js';
import { PodwireError } from '../report/errors.js';

/** Runs `work` with the lab's API and closes the session after it. Throws PW-L802 when there is no such lab. */
export async function withApi<T>(lab: string, work: (api: Api) => Promise<T>): Promise<T> {
  const { kubeconfig } = places(lab);
  if (!existsSync(kubeconfig)) throw new PodwireError('PW-L802', { lab });
  const transport = httpsTransport(await readKubeconfig(kubeconfig));
  try {
    return await work(new Api(transport, 'podwire-cli'));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ECONNREFUSED' || code === 'ECONNRESET') throw new PodwireError('PW-L802', { lab });
    throw error;
  } finally {
    transport.close();
  }
}
