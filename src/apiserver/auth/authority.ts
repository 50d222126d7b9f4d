/** The cluster's certificate authority and its keys on disk. Knows who may be issued what; signs nothing it is not asked for. */

import { createHmac, createPrivateKey, randomBytes, timingSafeEqual, X509Certificate } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { Ip } from '../../net/ip.js';
import type { User } from '../http.js';
import { type KeyPair, makeCertificate, type Subject } from './x509.js';

const CA: Subject = { commonName: 'podwire-ca' };
const CA_DAYS = 3650;
const LEAF_DAYS = 365;
/** Certificates are made anew when they have less than this left. */
const RENEW_MS = 30 * 86_400_000;

/** Keys are made when first asked for, in `stateDir`/pki; files have mode 0600. */
export class Authority {
  readonly #directory: string;

  constructor(stateDir: string) {
    this.#directory = join(stateDir, 'pki');
  }

  /** The CA's certificate in PEM: what clients trust. */
  get caCertificate(): string {
    return this.#ca().certificate;
  }

  /** For every server name a certificate must carry; the kept one when it still does and has a month left. */
  server(names: readonly string[]): KeyPair {
    const wanted = [
      ...new Set([
        'localhost',
        '127.0.0.1',
        '::1',
        'kubernetes',
        'kubernetes.default',
        'kubernetes.default.svc',
        ...names,
      ]),
    ];
    return this.#kept(
      'server',
      pair => covers(pair, wanted),
      () => this.#issue({ commonName: 'kube-apiserver' }, 'server', wanted),
    );
  }

  /** A client's certificate: `commonName` is the user, `organizations` its groups. */
  client(subject: Subject): KeyPair {
    const file = `client-${subject.commonName.replace(/[^A-Za-z0-9.-]/g, '_')}`;
    return this.#kept(
      file,
      pair => isFresh(pair),
      () => this.#issue(subject, 'client'),
    );
  }

  /** The user whom kubectl is by default: allowed everything everywhere. */
  admin(): KeyPair {
    return this.client({ commonName: 'kubernetes-admin', organizations: ['system:masters'] });
  }

  /** The user that a node's kubelet and agent are. */
  node(name: string): KeyPair {
    return this.client({ commonName: `system:node:${name}`, organizations: ['system:nodes'] });
  }

  /** A JSON Web Token (RFC 7519) with these claims, signed with HMAC-SHA256 by a key of this cluster. */
  async signToken(claims: Record<string, unknown>): Promise<string> {
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const body = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
    return `${body}.${this.#mac(body).toString('base64url')}`;
  }

  /** The service account that a token of ours names, unless it is forged or expired. */
  verifyToken(token: string): User | undefined {
    const [head, claims, mac] = token.split('.');
    if (!head || !claims || !mac) return undefined;
    const given = Buffer.from(mac, 'base64url');
    const right = this.#mac(`${head}.${claims}`);
    if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
    const { sub, exp } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { sub: string; exp: number };
    if (exp * 1000 < Date.now()) return undefined;
    const namespace = sub.split(':')[2]!;
    return {
      name: sub,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
    };
  }

  #mac(text: string): Buffer {
    const path = join(this.#directory, 'token.key');
    if (!fs.existsSync(path)) this.#write('token.key', randomBytes(32).toString('hex'));
    return createHmac('sha256', Buffer.from(fs.readFileSync(path, 'utf8'), 'hex'))
      .update(text)
      .digest();
  }

  #ca(): KeyPair {
    return this.#kept('ca', isFresh, () => makeCertificate({ subject: CA, usage: 'ca', days: CA_DAYS }));
  }

  #issue(subject: Subject, usage: 'server' | 'client', names: readonly string[] = []): KeyPair {
    const key = createPrivateKey(this.#ca().key);
    return makeCertificate({ subject, usage, names, days: LEAF_DAYS }, { subject: CA, key });
  }

  /** The pair on disk when it is good and of this CA, otherwise a new one. */
  #kept(name: string, good: (pair: KeyPair) => boolean, make: () => KeyPair): KeyPair {
    const [certificate, key] = [join(this.#directory, `${name}.crt`), join(this.#directory, `${name}.key`)];
    if (fs.existsSync(certificate) && fs.existsSync(key)) {
      const pair = { certificate: fs.readFileSync(certificate, 'utf8'), key: fs.readFileSync(key, 'utf8') };
      if (good(pair) && (name === 'ca' || this.#signed(pair))) return pair;
    }
    const pair = make();
    this.#write(`${name}.key`, pair.key);
    this.#write(`${name}.crt`, pair.certificate);
    return pair;
  }

  #signed({ certificate }: KeyPair): boolean {
    return new X509Certificate(certificate).verify(new X509Certificate(this.#ca().certificate).publicKey);
  }

  /** Whole or not at all: a crash between must not leave half a key. */
  #write(name: string, text: string): void {
    fs.mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    const path = join(this.#directory, name);
    fs.writeFileSync(`${path}.new`, text, { mode: 0o600 });
    fs.renameSync(`${path}.new`, path);
  }
}

function isFresh({ certificate, key }: KeyPair): boolean {
  const x509 = new X509Certificate(certificate);
  return Date.parse(x509.validTo) - Date.now() > RENEW_MS && x509.checkPrivateKey(createPrivateKey(key));
}

function covers(pair: KeyPair, names: readonly string[]): boolean {
  const x509 = new X509Certificate(pair.certificate);
  return isFresh(pair) && names.every(name => (Ip.parse(name) ? x509.checkIP(name) : x509.checkHost(name)));
}
