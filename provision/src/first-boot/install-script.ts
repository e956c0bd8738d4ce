import { forgetScript, forgettingFiles, type SecretFile } from './forget-secrets.ts';
import { textFile, type BootFile, type Content } from './boot-file.ts';

/** The folder of the boot partition that holds what is installed, and afterwards the log of it. */
export const installFolder = 'fieldline';

/** What the agent needs on the device besides its packages. */
export interface AgentFiles {
  /** The agent's configuration: YAML without secrets but a claim, readable by all. */
  readonly config: string;
  /**
   * The device's password: installed readable by root alone. Absent where the configuration holds a claim, which is
   * good once.
   */
  readonly password?: string;
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
  [ -f "$package" ] || continue
  DEBIAN_FRONTEND=noninteractive dpkg --force-confold -i "$package"
done
install -d -m 0755 /etc/fieldline
# They are not there any more where this runs once more.
[ ! -f "$here/agent.yaml" ] || install -m 0644 "$here/agent.yaml" /etc/fieldline/agent.yaml
if [ -f "$here/password" ]; then
  install -m 0600 "$here/password" /etc/fieldline/password
elif [ ! -f /etc/fieldline/password ]; then
  # The device has a claim: its unit must not wait for a password.
  install -d -m 0755 /etc/systemd/system/fieldline-agent.service.d
  printf '[Service]\\nLoadCredential=\\nUnsetEnvironment=FIELDLINE_GATEWAY_PASSWORD_FILE\\n' \\
    >/etc/systemd/system/fieldline-agent.service.d/claim.conf
fi
if command -v systemctl >/dev/null && [ -f /usr/lib/systemd/system/fieldline-agent.service ]; then
  [ ! -d /run/systemd/system ] || systemctl daemon-reload
  systemctl enable fieldline-agent.service
  [ "\${1:-}" != start ] || systemctl restart --no-block fieldline-agent.service
fi
sync
sh "$here/${forgetScript}" || echo "Fieldline: the boot partition still holds secrets"
echo "Fieldline: installed"
`;

/**
 * The files of the installation folder. Once they are installed, configuration and password go from the boot partition,
 * and `secrets` give way to what they are without their secrets.
 */
export function installFiles(agent: AgentFiles, secrets: readonly SecretFile[]): BootFile[] {
  const inFolder = (name: string) => `${installFolder}/${name}`;
  const { password } = agent;
  return [
    textFile(inFolder('install.sh'), script),
    ...forgettingFiles(installFolder, secrets),
    textFile(inFolder('agent.yaml'), agent.config),
    ...(password === undefined ? [] : [textFile(inFolder('password'), `${password}\n`)]),
    // dpkg takes them by name: the number keeps their order.
    ...agent.packages.map(({ name, content }, index) => ({
      path: inFolder(`${index + 1}-${name}`),
      content,
    })),
  ];
}
