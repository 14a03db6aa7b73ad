// Whether an address of a film may be played: the token in it, as platform/auth/src/playback.rs makes
// it, and whether what it grants was denied since. For njs 0.7.9, which Debian packages.

import fs from 'fs';
import crypto from 'crypto';
import settings from 'settings.js';

const ADDRESS = /^\/v\/(1\.(0|[1-9]\d{0,11})\.(0|[1-9]\d{0,9})\.(-|[A-Za-z0-9_-]{16})\.([A-Za-z0-9_-]{43}))\/([a-z2-7]{26})\//;

// `good`, or not. nginx takes whatever fails in here, too, for a refusal.
function admitted(r) {
    const parts = ADDRESS.exec(r.uri);
    if (parts === null) {
        return 'bad';
    }
    const expires = parts[2], generation = parts[3], viewer = parts[4], video = parts[6];
    const message = `marquee playback token v1\n${expires}\n${generation}\n${viewer}\n${video}`;
    if (!isOurs(message, parts[5])) {
        return 'forged';
    }
    if (Math.floor(Date.now() / 1000) >= Number(expires)) {
        return 'expired';
    }
    if (isDenied(`${video}.${generation}`) || (viewer !== '-' && isDenied(`viewer.${viewer}`))) {
        return 'denied';
    }
    return 'good';
}

function isOurs(message, given) {
    return settings.keys.some(key => {
        const mac = crypto.createHmac('sha256', key).update(message).digest('base64url');
        // All of it is looked at, so that the time taken tells nothing.
        let differing = mac.length ^ given.length;
        for (let i = 0; i < mac.length; i++) {
            differing |= mac.charCodeAt(i) ^ given.charCodeAt(i);
        }
        return differing === 0;
    });
}

function isDenied(name) {
    return fs.statSync(`${settings.denied}/${name}`, { throwIfNoEntry: false }) !== undefined;
}

export default { admitted };
