import { useEffect, useState } from 'react';
import { percent } from '../lib/format';
import { useUploads } from '../upload/hooks';
import { type UploadItem, uploads } from '../upload/store';
import { isMoving } from '../upload/task';

function progress(items: UploadItem[]): string | undefined {
  let sent = 0;
  let size = 0;
  for (const item of items) {
    if (item.kind !== 'task' || !isMoving(item.task.state.phase)) continue;
    sent += item.task.state.sentBytes;
    size += item.task.file.size;
  }
  // 100 % is only said by the server's answer, after which the upload is not moving any more.
  return size === 0 ? undefined : percent(Math.min(sent, size * 0.99), size);
}

/** How far the uploads are, wherever in the app the person went meanwhile. */
export default function UploadBadge() {
  const items = useUploads();
  const [text, setText] = useState<string>();
  useEffect(() => {
    const update = () => setText(progress(uploads.snapshot()));
    update();
    if (items.length === 0) return;
    const timer = setInterval(update, 1_000);
    return () => clearInterval(timer);
  }, [items]);
  return text === undefined ? null : <span className="badge">{text}</span>;
}
