import { add } from './index';

/** What only uploads say: their page, and what tells of them elsewhere once there are any. */
export const upload = {
  'upload.title': 'Upload',
  'upload.heading': 'Upload films',
  'upload.drop.title': 'Drop films here',
  'upload.drop.hint': 'Drop files anywhere on this page, or',
  'upload.drop.choose': 'Choose files',
  'upload.drop.input': 'Choose film files to upload',
  'upload.drop.note':
    'Close the page or lose the connection whenever you like: the upload carries on where it was.',
  'upload.list': 'Uploads',
  'upload.field.visibility': 'Who sees it',
  'upload.saved': 'Saved',
  'upload.saving': 'Saving…',
  'upload.save.failed': 'Not saved: {reason}',
  'upload.link': 'Link',
  'upload.link.copy': 'Copy link',
  'upload.link.copied': 'Link copied',
  'upload.watch': 'Watch',
  'upload.cancel': 'Cancel upload',
  'upload.cancel.name': 'Cancel upload of {name}',
  'upload.remove': 'Dismiss',
  'upload.remove.name': 'Dismiss {name} from this list',
  'upload.retry': 'Try again',
  'upload.resume': 'Resume',
  'upload.resume.name': 'Resume the upload of {name}',
  'upload.resume.choose': 'Choose the file again to resume',
  'upload.resume.hint':
    'The browser cannot reopen a file by itself after the page was closed. What was stored is kept.',
  'upload.resume.found': '{stored} of {size} are stored.',
  'upload.progress': 'Upload of {name}',
  'upload.speed': '{speed}/s',
  'upload.stalled': 'no data is moving',
  'upload.left': '{time} left',
  'upload.of': '{sent} of {size}',
  'upload.step.upload': 'Upload',
  'upload.step.process': 'Process',
  'upload.step.playable': 'Playable',
  'upload.step.live': 'Live',
  'upload.step.complete': 'Complete',
  'upload.phase.queued': 'Waiting for its turn',
  'upload.phase.preparing': 'Reading the file',
  'upload.phase.uploading': 'Uploading',
  'upload.phase.waiting': 'Connection lost. Trying again in {seconds} s',
  'upload.phase.offline': 'You are offline. The upload carries on when the connection is back.',
  'upload.phase.completing': 'Checking that everything arrived',
  'upload.phase.stored': 'Uploaded. Preparing the film',
  'upload.phase.processing': 'Processing, {percent}',
  'upload.phase.playable': 'You can watch it already. Preparing the rest, {percent}',
  'upload.phase.live': 'Live. Preparing the rest, {percent}',
  'upload.phase.complete': 'Complete',
  'upload.phase.canceled': 'Canceled',
  'upload.phase.failed': 'Failed',
  'upload.announce.stored': '{name} is uploaded.',
  'upload.announce.playable': '{name} can be watched now.',
  'upload.announce.complete': '{name} is completely prepared.',
  'upload.announce.failed': 'The upload of {name} failed: {reason}',
  'upload.error.empty': 'This file is empty. Choose a film.',
  'upload.error.unreadable':
    'The file cannot be read any more. It was moved, removed or changed; choose it again.',
  'upload.error.changed':
    'The file changed while it was being uploaded. Choose it again to upload what it is now.',
  'upload.error.other':
    'This is another file: expected {name} with {size}. Choose the file that was being uploaded.',
  'upload.error.network':
    'The server could not be reached. Check the connection, then try again: nothing sent is lost.',
  'upload.error.server': 'The server could not do this right now. Try again in a moment.',
  'upload.error.refused':
    'The storage refused the data ({status}). Try again; if it stays, tell the operator.',
  'upload.error.incomplete':
    'The server says that parts are missing although they were sent. Try again; only those are sent.',
} as const;

add(upload);
