// Codes off the camera: by the browser's own detector where it has one, by a decoder of ours where it has not.

const PAUSE_MS = 150;
const LARGEST = 800;

async function reader() {
  if ("BarcodeDetector" in window) {
    const known = await window.BarcodeDetector.getSupportedFormats().catch(() => []);
    if (known.includes("qr_code")) {
      const detector = new window.BarcodeDetector({ formats: ["qr_code"] });
      return async (video) => (await detector.detect(video))[0]?.rawValue;
    }
  }
  const { decodeQR } = await import(document.body.dataset.decoder);
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  return async (video) => {
    const scale = Math.min(1, LARGEST / Math.max(video.videoWidth, video.videoHeight));
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    pen.drawImage(video, 0, 0, canvas.width, canvas.height);
    try {
      return decodeQR(pen.getImageData(0, 0, canvas.width, canvas.height));
    } catch {
      return undefined; // There is no code in this picture.
    }
  };
}

let stream = null;

export function close(video) {
  stream?.getTracks().forEach((track) => track.stop());
  stream = null;
  video.srcObject = null;
}

// Resolves with the first code that is seen, or with undefined when the camera is closed before.
export async function scan(video) {
  const own = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
  close(video);
  stream = own;
  video.srcObject = own;
  await video.play();
  const read = await reader();
  while (stream === own) {
    const code = video.readyState >= video.HAVE_CURRENT_DATA ? await read(video) : undefined;
    if (code && stream === own) {
      close(video);
      return code;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return undefined;
}
