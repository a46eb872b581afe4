"use client";
import { ScreenError } from "@/components/frame/screen_error.tsx";

export default function ReleasesError(props: { readonly error: Error & { digest?: string }; readonly retry: () => void }) {
  return <ScreenError what="The releases" {...props} />;
}
