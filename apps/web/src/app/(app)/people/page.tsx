import type { Metadata } from "next";
import { NotForYou } from "@/components/frame/not_for_you.tsx";
import { PeopleScreen } from "@/features/people/people_screen.tsx";
import { openPage } from "@/lib/server.ts";

export const metadata: Metadata = { title: "People" };

export default async function PeoplePage() {
  const { me, api } = await openPage("/people");
  if (me.role !== "owner") return <NotForYou kicker="Administration · People" roles="owners" />;
  return <PeopleScreen me={me} initial={await api.people.list()} />;
}
