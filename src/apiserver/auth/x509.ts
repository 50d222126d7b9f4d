/** X.509 v3 certificates (RFC 5280) with EC P-256 keys: made and signed. Knows no files; reading is left to node:crypto. */

import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { Ip } from '../../net/ip.js';
import { bits, boolean, explicit, implicit, integer, octets, oid, sequence, set, time, utf8 } from './der.js';

/** PEM texts: the certificate, and its key in PKCS #8. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export interface Subject {
  /** The user's name to the API server. */
  readonly commonName: string;
  /** The user's groups. */
  readonly organizations?: readonly string[];
}

export interface CertificateRequest {
  readonly subject: Subject;
  readonly usage: 'ca' | 'server' | 'client';
  /** DNS names and IP addresses of a server. */
  readonly names?: readonly string[];
  readonly days: number;
}

export interface Issuer {
  readonly subject: Subject;
  readonly key: KeyObject;
}

/** A fresh key and its certificate, signed by the issuer or by itself. */
export function makeCertificate(request: CertificateRequest, issuer?: Issuer): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const signer = issuer ?? { subject: request.subject, key: privateKey };
  const body = toBeSigned(request, signer, publicKey);
  const signature = sign('sha256', body, signer.key);
  const der = sequence(body, ECDSA_SHA256, bits(signature));
  const certificate = `-----BEGIN CERTIFICATE-----\n${der
    .toString('base64')
    .replace(/(.{64})/g, '$1\n')
    .trimEnd()}\n-----END CERTIFICATE-----\n`;
  return { certificate, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));
/** Clocks of clients may be behind ours by so much. */
const SKEW_MS = 5 * 60_000;
const DAY_MS = 86_400_000;

function toBeSigned(request: CertificateRequest, issuer: Issuer, publicKey: KeyObject): Buffer {
  const now = Date.now();
  return sequence(
    explicit(0, integer(Buffer.of(2))), // version 3
    integer(serial()),
    ECDSA_SHA256,
    name(issuer.subject),
    sequence(time(new Date(now - SKEW_MS)), time(new Date(now + request.days * DAY_MS))),
    name(request.subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...extensions(request, issuer, publicKey))),
  );
}

/** 16 random bytes, positive as RFC 5280 §4.1.2.2 wants. */
function serial(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes;
}

function name({ commonName, organizations = [] }: Subject): Buffer {
  const attribute = (type: string, value: string) => set(sequence(oid(type), utf8(value)));
  return sequence(...organizations.map(value => attribute('2.5.4.10', value)), attribute('2.5.4.3', commonName));
}

function extensions({ usage, names = [] }: CertificateRequest, issuer: Issuer, publicKey: KeyObject): Buffer[] {
  const extension = (type: string, critical: boolean, value: Buffer) =>
    sequence(oid(type), ...(critical ? [boolean(true)] : []), octets(value));
  const shared = [
    extension('2.5.29.14', false, octets(keyId(publicKey))), // subjectKeyIdentifier
    extension('2.5.29.35', false, sequence(implicit(0, keyId(createPublicKey(issuer.key))))), // authorityKeyIdentifier
  ];
  if (usage === 'ca') {
    return [
      extension('2.5.29.19', true, sequence(boolean(true))), // basicConstraints: a CA
      extension('2.5.29.15', true, bits(Buffer.of(0b0000_0110), 1)), // keyUsage: keyCertSign, cRLSign
      ...shared,
    ];
  }
  const purpose = usage === 'server' ? '1.3.6.1.5.5.7.3.1' : '1.3.6.1.5.5.7.3.2';
  return [
    extension('2.5.29.19', true, sequence()), // basicConstraints: no CA
    extension('2.5.29.15', true, bits(Buffer.of(0b1000_0000), 7)), // keyUsage: digitalSignature
    extension('2.5.29.37', false, sequence(oid(purpose))), // extendedKeyUsage
    ...(names.length > 0 ? [extension('2.5.29.17', false, sequence(...names.map(alternativeName)))] : []),
    ...shared,
  ];
}

function alternativeName(text: string): Buffer {
  const ip = Ip.parse(text);
  return ip ? implicit(7, Buffer.from(ip.bytes)) : implicit(2, Buffer.from(text, 'ascii'));
}

/** RFC 5280 §4.2.1.2 (1): the SHA-1 of the public key's bits, here of the uncompressed point at the end of the SPKI. */
function keyId(publicKey: KeyObject): Buffer {
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha1').update(spki.subarray(-65)).digest();
}
