import { TRPCError } from "@trpc/server";
import { BadReleaseError } from "../../provision/agent_release.ts";
import { ProvisionRefusal } from "../../provision/provisioner.ts";
import { refuseField } from "../me/prove_password.ts";

/** What provisioning refuses, told in the sentence it was refused with; never with what was typed. */
export async function refusable<T>(work: () => Promise<T> | T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ProvisionRefusal && error.field !== null) refuseField(error.field, error.message);
    if (error instanceof ProvisionRefusal || error instanceof BadReleaseError) {
      throw new TRPCError({ code: "CONFLICT", message: error.message });
    }
    throw error;
  }
}
