"use client";
import { ScreenError } from "@/components/frame/screen_error.tsx";

export default function NodesError(props: { readonly error: Error & { digest?: string }; readonly retry: () => void }) {
  return <ScreenError what="The nodes" {...props} />;
}
