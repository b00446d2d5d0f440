/*
 * # Plugging it in
 *
 * A Guest has a network card, and a word on its command line says what is at the other end of its cable. This is
 * where the word is taken literally.
 */

import type { Link } from '../../chapters/4-launcher/link.ts';
import type { NetworkOption } from '../../chapters/4-launcher/outside.ts';
import type { World } from '../../chapters/1-preparation/world.ts';
import { Gateway } from '../network/gateway.ts';
import { openDoor, SOCKETS } from './sockets.ts';
import { openSwitch } from './switch.ts';
import { openTap } from './tap.ts';

/**
 * Connects a network card whose MAC is `address`.
 *
 * @param warn told in a line what goes wrong later
 * @throws LauncherError if there is nothing to connect it to
 */
export async function openNetwork(
  network: NetworkOption,
  address: Uint8Array,
  world: World,
  warn: (line: string) => void = console.error,
): Promise<Link> {
  if (network.kind === 'user') return openGateway(network, address, world);
  if (network.kind === 'switch') return openSwitch(network.name, warn);
  return openTap(network.tap);
}

/*
 * ## The small internet
 *
 * Its doors are open before the Guest has so much as a kernel. Somebody who comes that early is let in and has to
 * wait, as in front of any shop.
 */

async function openGateway(
  { forwards }: Extract<NetworkOption, { kind: 'user' }>,
  address: Uint8Array,
  world: World,
): Promise<Link> {
  const gateway = new Gateway(SOCKETS, world, address);
  const doors: { close(): void }[] = [];
  gateway.onClose = () => {
    for (const door of doors) door.close();
  };
  try {
    for (const forward of forwards) {
      doors.push(await openDoor(forward, (stream) => gateway.callGuest(forward.guestPort, stream)));
    }
    return gateway;
  } catch (error) {
    gateway.close();
    throw error;
  }
}
