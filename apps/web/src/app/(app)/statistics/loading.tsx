import { ScreenLoading } from "@/components/frame/screen_loading.tsx";

export default function Loading() {
  return <ScreenLoading kicker="Pool · Statistics" figures chart rows={6} />;
}
