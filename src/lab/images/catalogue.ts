/** Images by name: which programs of the machine stand in for them. Knows names and start commands; refuses to pull anything. */

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file of the machine that the container sees at another place, read-only. */
export interface Provided {
  readonly from: string;
  readonly to: string;
}

export interface ImageFile {
  readonly content: string;
  readonly mode: number;
}

export interface Image {
  /** Nothing runs but a wait for the end: costs next to nothing, and its root is empty. */
  readonly pause?: boolean;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDir: string;
  readonly provided: readonly Provided[];
  readonly files: Readonly<Record<string, ImageFile>>;
}

/** What of the machine the catalogue asks for. */
export interface Machine {
  /** The path of a program, as a shell finds it. */
  program(name: string): string | undefined;
  /** The Node that we run on. */
  readonly node: string;
  /** The directory of this file, which holds podwire's own programs. */
  readonly programs: string;
  /** Links from every name that busybox has to busybox; made when first asked for. */
  busybox(program: string): string;
}

/** An image that cannot be had; the message says what could. */
export class ImageError extends Error {
  override readonly name = 'ImageError';
}

/** `registry.k8s.io/e2e-test-images/agnhost:2.45` → `agnhost`: the last part of the name, without tag and digest. */
export function imageName(reference: string): string {
  const path = reference.split('@')[0]!;
  return path
    .slice(path.lastIndexOf('/') + 1)
    .split(':')[0]!
    .toLowerCase();
}

/** Throws ImageError. */
export function findImage(reference: string, machine: Machine): Image {
  const name = imageName(reference);
  const entry = Object.hasOwn(IMAGES, name) ? IMAGES[name]! : undefined;
  if (!entry) {
    const known = Object.keys(IMAGES).sort().join(', ');
    throw new ImageError(`image ${JSON.stringify(reference)} is not in the lab's catalogue; it has ${known}`);
  }
  const { needs, install = needs } = entry;
  if (needs && needs !== 'node' && !machine.program(needs)) {
    throw new ImageError(
      `image ${JSON.stringify(reference)} needs the program ${needs} on this machine: install it with \`apt-get install ${install}\``,
    );
  }
  return { ...PLAIN, ...entry.make(machine) };
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const PLAIN: Image = { entrypoint: [], command: [], env: { PATH }, workingDir: '/', provided: [], files: {} };
const OWN = '/usr/lib/podwire';

interface Entry {
  /** A program of the machine, and the Debian package that brings it. */
  readonly needs?: string;
  readonly install?: string;
  make(machine: Machine): Partial<Image>;
}

const shell = (name: string): Entry => ({ needs: name, make: () => ({ command: [name] }) });

/** As the images' own entry points do: what is no program is an argument for theirs. */
const entry = (program: string): Partial<Image> => ({
  entrypoint: ['/entrypoint.sh'],
  files: {
    '/entrypoint.sh': {
      mode: 0o755,
      content: `#!/bin/sh\nif [ "\${1#-}" != "$1" ] || ! command -v "$1" >/dev/null; then set -- ${program} "$@"; fi\nexec "$@"\n`,
    },
  },
});

/** The machine's Node at a place that every user of the container may enter. */
const node = (machine: Machine): Provided[] =>
  /^\/(usr\/)?(local\/)?bin\/node$/.test(machine.node) ? [] : [{ from: machine.node, to: '/usr/local/bin/node' }];

const agnhost: Entry = {
  needs: 'node',
  make: machine => ({
    entrypoint: ['/agnhost'],
    command: ['pause'],
    provided: [...node(machine), { from: machine.programs, to: OWN }],
    files: { '/agnhost': { mode: 0o755, content: `#!/bin/sh\nexec node ${OWN}/agnhost.mjs "$@"\n` } },
  }),
};

const busybox: Entry = {
  needs: 'busybox',
  make: machine => ({
    command: ['sh'],
    env: { PATH: `${OWN}/busybox:${PATH}` },
    provided: [{ from: machine.busybox(machine.program('busybox')!), to: `${OWN}/busybox` }],
  }),
};

/** Where the image's own server answers, and the places that users mount their files at. */
const NGINX_CONF = `user www-data;
pid /var/run/nginx.pid;
error_log /dev/stderr notice;
events { worker_connections 1024; }
http {
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  access_log /dev/stdout;
  sendfile on;
  include /etc/nginx/conf.d/*.conf;
}
`;
const NGINX_DEFAULT = `server {
  listen 80;
  listen [::]:80;
  location / { root /usr/share/nginx/html; index index.html; }
}
`;

const nginx: Entry = {
  needs: 'nginx',
  make: () => ({
    command: ['nginx', '-g', 'daemon off;'],
    files: {
      '/etc/nginx/nginx.conf': { mode: 0o644, content: NGINX_CONF },
      '/etc/nginx/conf.d/default.conf': { mode: 0o644, content: NGINX_DEFAULT },
      '/usr/share/nginx/html/index.html': { mode: 0o644, content: '<h1>Welcome to nginx!</h1>\n' },
    },
  }),
};

const IMAGES: Readonly<Record<string, Entry>> = {
  pause: { make: () => ({ pause: true, entrypoint: ['/pause'] }) },
  agnhost,
  echo: agnhost,
  echoserver: { ...agnhost, make: machine => ({ ...agnhost.make(machine), command: ['netexec'] }) },
  node: { needs: 'node', make: machine => ({ ...entry('node'), command: ['node'], provided: node(machine) }) },
  busybox,
  curl: { needs: 'curl', make: () => ({ ...entry('curl'), command: ['curl'] }) },
  nginx,
  python: { needs: 'python3', make: () => ({ command: ['python3'] }) },
  alpine: shell('sh'),
  debian: shell('bash'),
  ubuntu: shell('bash'),
  bash: shell('bash'),
  netshoot: shell('bash'),
};

/** This machine. `directory` takes the links to busybox. */
export function thisMachine(directory: string, install: (program: string, directory: string) => void): Machine {
  const places = PATH.split(':');
  return {
    program: name => places.map(place => join(place, name)).find(path => existsSync(path)),
    node: process.execPath,
    programs: dirname(fileURLToPath(import.meta.url)),
    busybox: program => {
      const links = join(directory, 'busybox');
      if (!existsSync(links)) install(program, links);
      return links;
    },
  };
}
