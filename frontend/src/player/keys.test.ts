import { describe, expect, it } from 'vitest';
import { actionFor } from './keys';

describe('keys', () => {
  it.each([
    [' ', { kind: 'toggle' }],
    ['k', { kind: 'toggle' }],
    ['K', { kind: 'toggle' }],
    ['j', { kind: 'seekBy', seconds: -10 }],
    ['l', { kind: 'seekBy', seconds: 10 }],
    ['ArrowLeft', { kind: 'seekBy', seconds: -5 }],
    ['ArrowRight', { kind: 'seekBy', seconds: 5 }],
    ['ArrowUp', { kind: 'volumeBy', change: 0.05 }],
    ['ArrowDown', { kind: 'volumeBy', change: -0.05 }],
    ['m', { kind: 'mute' }],
    ['f', { kind: 'fullscreen' }],
    ['t', { kind: 'theatre' }],
    ['i', { kind: 'pip' }],
    ['0', { kind: 'seekTo', share: 0 }],
    ['9', { kind: 'seekTo', share: 0.9 }],
    [',', { kind: 'frame', direction: -1 }],
    ['.', { kind: 'frame', direction: 1 }],
    ['<', { kind: 'speed', direction: -1 }],
    ['>', { kind: 'speed', direction: 1 }],
    ['?', { kind: 'help' }],
  ])('%s', (key, action) => expect(actionFor({ key })).toEqual(action));

  it('leave shortcuts of the browser and other keys alone', () => {
    expect(actionFor({ key: 'f', ctrlKey: true })).toBeUndefined();
    expect(actionFor({ key: 'l', metaKey: true })).toBeUndefined();
    expect(actionFor({ key: 'ArrowLeft', altKey: true })).toBeUndefined();
    expect(actionFor({ key: '/' })).toBeUndefined();
    expect(actionFor({ key: 'Tab' })).toBeUndefined();
    expect(actionFor({ key: 'F5' })).toBeUndefined();
  });
});
