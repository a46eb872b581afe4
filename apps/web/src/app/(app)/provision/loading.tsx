import { ScreenLoading } from "@/components/frame/screen_loading.tsx";

export default function Loading() {
  return <ScreenLoading kicker="Fleet · Provision" rows={8} />;
}
