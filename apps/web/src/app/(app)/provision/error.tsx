"use client";
import { ScreenError } from "@/components/frame/screen_error.tsx";

export default function ProvisionError(props: { readonly error: Error & { digest?: string }; readonly retry: () => void }) {
  return <ScreenError what="Provisioning" {...props} />;
}
