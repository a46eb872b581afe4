export const NODE: string;
export function toolEnvironment(): Record<string, string>;
export function installPackages(): Promise<void>;
export function buildNative(): Promise<void>;
export function generateClient(): Promise<void>;
export function buildDashboard(): Promise<void>;
