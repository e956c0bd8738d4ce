import { textFile, type BootFile, type Content } from './boot-file.ts';

/** The folder of the boot partition that holds what is installed, and afterwards the log of it. */
export const installFolder = 'fieldline';

/** What the agent needs on the device besides its packages. */
export interface AgentFiles {
  /** The agent's configuration: YAML without secrets, readable by all. */
  readonly config: string;
  /** The device's password or claim: installed readable by root alone, then removed from the boot partition. */
  readonly secret?: { readonly name: 'password' | 'claim'; readonly value: string };
  /** Debian packages, in the order of their installation. */
  readonly packages: readonly { readonly name: string; readonly content: Content }[];
}

const script = `#!/bin/sh
# Installs the Fieldline agent from the folder in which this file lies. Runs as root at the first boot, by
# cloud-init or firstrun.sh; running it again does no harm. With "start" the service starts at once.
set -eu
here=$(dirname "$(readlink -f "$0")")
exec >>"$here/install.log" 2>&1
echo "Fieldline: installation begins at $(date -u +%Y-%m-%dT%H:%M:%SZ)"
for package in "$here"/*.deb; do
  [ -f "$package" ] && DEBIAN_FRONTEND=noninteractive dpkg --force-confold -i "$package"
done
install -d -m 0755 /etc/fieldline
install -m 0644 "$here/agent.yaml" /etc/fieldline/agent.yaml
for secret in password claim; do
  [ -f "$here/$secret" ] || continue
  install -m 0600 "$here/$secret" "/etc/fieldline/$secret"
  sync
  # The boot partition can be read in any computer: the secret does not stay there.
  rm -f "$here/$secret"
done
if command -v systemctl >/dev/null && [ -f /lib/systemd/system/fieldline-agent.service ]; then
  systemctl enable fieldline-agent.service
  [ "\${1:-}" != start ] || systemctl restart --no-block fieldline-agent.service
fi
sync
echo "Fieldline: installed"
`;

/** The files of the installation folder. */
export function installFiles(agent: AgentFiles): BootFile[] {
  const inFolder = (name: string) => `${installFolder}/${name}`;
  const { secret } = agent;
  return [
    textFile(inFolder('install.sh'), script),
    textFile(inFolder('agent.yaml'), agent.config),
    ...(secret ? [textFile(inFolder(secret.name), `${secret.value}\n`)] : []),
    // dpkg takes them by name: the number keeps their order.
    ...agent.packages.map(({ name, content }, index) => ({
      path: inFolder(`${index + 1}-${name}`),
      content,
    })),
  ];
}
