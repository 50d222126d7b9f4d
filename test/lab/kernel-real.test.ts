/** The real kernel passes the suite that the fake passes. */

import { describe } from 'node:test';
import { openKernel } from '../../src/host/kernel-port.js';
import { kernelSuite } from '../suites/kernel.js';
import { freshNamespace, noNamespaces } from './namespaces.js';

describe('Linux', { skip: noNamespaces() }, () => {
  kernelSuite('Linux', () => {
    const namespace = freshNamespace('suite');
    const port = openKernel(namespace.path);
    return {
      port,
      close() {
        port.close();
        namespace.close();
      },
    };
  });
});
