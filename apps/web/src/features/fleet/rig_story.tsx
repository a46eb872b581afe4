"use client";
import type { RigDetailDto, RigDto } from "@otedama/shared";
import {
  formatBytes,
  formatDifficulty,
  formatDuration,
  formatHashrate,
  formatPercent,
  groupedCount,
  hashrateQuantity,
} from "@otedama/shared/units";
import { useMemo } from "react";
import { TimeSeries, type Zoom } from "@/components/chart/time_series.tsx";
import { QuantityText } from "@/components/data/quantity.tsx";
import { RigStateStatus } from "@/components/data/states.tsx";
import { Temperature } from "@/components/data/temperature.tsx";
import { When } from "@/components/data/when.tsx";
import { Copyable } from "@/components/ui/copyable.tsx";
import { Facts } from "@/components/ui/panel.tsx";
import { fromFirstMeasured } from "@/lib/series.ts";
import { windowLabel } from "@/lib/window.ts";

export function RigRates({ rig }: { readonly rig: RigDto }) {
  const cells = [
    { name: "Hashrate, 10 s", value: <QuantityText quantity={hashrateQuantity(rig.hashrate_hps.s10)} /> },
    { name: "Hashrate, 1 min", value: <QuantityText quantity={hashrateQuantity(rig.hashrate_hps.s60)} /> },
    { name: "Hashrate, 15 min", value: <QuantityText quantity={hashrateQuantity(rig.hashrate_hps.m15)} /> },
    { name: "Hottest device", value: <Temperature celsius={rig.temperature_c_max} /> },
  ];
  return (
    <dl className="grid grid-cols-2 gap-px overflow-hidden rounded-md border border-line bg-line sm:grid-cols-[repeat(auto-fit,minmax(9rem,1fr))]">
      {cells.map((cell) => (
        <div key={cell.name} className="bg-panel px-3 py-2">
          <dt className="text-2xs text-ink-3">{cell.name}</dt>
          <dd className="text-lg font-semibold tabular">{cell.value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function RigPoolFacts({ rig }: { readonly rig: RigDto }) {
  return (
    <Facts
      facts={[
        { name: "State", value: <RigStateStatus state={rig.state} /> },
        ...(rig.message === null ? [] : [{ name: "Because", value: rig.message }]),
        {
          name: "Pool",
          value: rig.pool_url === null ? "none" : <Copyable text={rig.pool_url} what="pool address" shorten="none" />,
        },
        {
          name: "Login",
          value: rig.pool_user === null || rig.pool_user === "" ? "none" : <Copyable text={rig.pool_user} what="login" />,
        },
        { name: "Difficulty", value: rig.difficulty === null ? "–" : formatDifficulty(rig.difficulty) },
        { name: "Pool answers in", value: rig.latency_ms === null ? "–" : formatDuration(rig.latency_ms / 1_000) },
        { name: "Reported", value: rig.last_seen_at_ms === null ? "never" : <When at_ms={rig.last_seen_at_ms} /> },
      ]}
    />
  );
}

export function RigMachineFacts({ rig }: { readonly rig: RigDto }) {
  const used = rig.memory_total_bytes - rig.memory_free_bytes;
  return (
    <Facts
      facts={[
        { name: "Host", value: rig.hostname },
        { name: "Site", value: rig.site },
        { name: "Processor", value: rig.cpu_model },
        {
          name: "Cores",
          value: `${groupedCount(rig.cpu_cores)} with ${groupedCount(rig.cpu_threads)} threads, ${groupedCount(rig.numa_nodes)} NUMA ${rig.numa_nodes === 1 ? "node" : "nodes"}`,
        },
        { name: "Features", value: rig.cpu_features.length === 0 ? "none that a kernel uses" : rig.cpu_features.join(", ") },
        { name: "Load, 1 min", value: rig.load_1m === null ? "–" : rig.load_1m.toFixed(2) },
        {
          name: "Memory",
          value:
            rig.memory_total_bytes === 0
              ? "–"
              : `${formatBytes(used)} of ${formatBytes(rig.memory_total_bytes)} (${formatPercent(used / rig.memory_total_bytes)})`,
        },
        { name: "System", value: `${rig.os}, ${rig.arch}` },
        { name: "Agent", value: rig.version },
        { name: "Uptime", value: rig.uptime_s === null ? "–" : formatDuration(rig.uptime_s) },
      ]}
    />
  );
}

const head = "h-8 border-y border-line px-3 text-xs font-medium text-ink-3 first:pl-4 last:pr-4";
const cell = "h-row border-b border-line/70 px-3 first:pl-4 last:pr-4";

export function RigDevices({ rig }: { readonly rig: RigDto }) {
  if (rig.devices.length === 0) return <p className="px-4 pb-4 text-sm text-ink-3">The agent has not reported a device yet.</p>;
  return (
    <table className="w-full border-separate border-spacing-0 text-sm tabular">
      <caption className="sr-only">Devices of {rig.name}</caption>
      <thead>
        <tr>
          <th scope="col" className={`${head} text-left`}>
            Device
          </th>
          <th scope="col" className={`${head} text-left max-md:hidden`}>
            Kernel
          </th>
          <th scope="col" className={`${head} text-right max-lg:hidden`}>
            Threads
          </th>
          <th scope="col" className={`${head} text-right`}>
            Hashrate, 1 min
          </th>
          <th scope="col" className={`${head} text-right`}>
            Heat
          </th>
          <th scope="col" className={`${head} text-right max-sm:hidden`}>
            Power
          </th>
          <th scope="col" className={`${head} text-right max-sm:hidden`}>
            Errors
          </th>
        </tr>
      </thead>
      <tbody>
        {rig.devices.map((device) => (
          <tr key={device.device_id}>
            <td className={cell}>
              <span className="font-medium">{device.device_id}</span>{" "}
              <span className="text-ink-3 max-sm:hidden">{device.name}</span>
            </td>
            <td className={`${cell} max-md:hidden`}>
              {device.kernel === null ? (
                <span className="text-ink-3">does not mine</span>
              ) : (
                <code className="text-xs">{device.kernel}</code>
              )}
            </td>
            <td className={`${cell} text-right max-lg:hidden`}>{groupedCount(device.threads)}</td>
            <td className={`${cell} text-right`}>{formatHashrate(device.hashrate_hps.s60)}</td>
            <td className={`${cell} text-right`}>
              <Temperature celsius={device.temperature_c} />
            </td>
            <td className={`${cell} text-right max-sm:hidden`}>
              {device.power_watts === null ? <span className="text-ink-4">–</span> : `${Math.round(device.power_watts)}\u00a0W`}
            </td>
            <td className={`${cell} text-right max-sm:hidden`}>
              {device.hardware_errors === 0 ? (
                <span className="text-ink-4">0</span>
              ) : (
                <span className="text-bad">{groupedCount(device.hardware_errors)}</span>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

type HistoryProps = {
  readonly rig: RigDetailDto;
  readonly zoom: Zoom | null;
  readonly onZoom: (zoom: Zoom | null) => void;
  readonly height: number;
};

const degrees = (value: number): string => `${Math.round(value)}\u00a0°C`;

/** Hashrate and heat under one crosshair. Where no sensor can be read, the second picture is not drawn. */
export function RigHistory({ rig, zoom, onZoom, height }: HistoryProps) {
  const { series } = useMemo(() => fromFirstMeasured(rig.series), [rig.series]);
  const hashrate = useMemo(
    () => [{ label: "Hashrate", values: series.hashrate_hps, tone: "first", format: formatHashrate, axis: "left" } as const],
    [series],
  );
  const heat = useMemo(() => {
    const values = rig.temperature_c.slice(rig.temperature_c.length - series.at_ms.length);
    return [{ label: "Hottest device", values, tone: "second", format: degrees, axis: "left" } as const];
  }, [rig.temperature_c, series]);
  const hasHeat = heat[0]?.values.some((value) => value !== null) ?? false;
  const shared = {
    at_ms: series.at_ms,
    syncKey: "rig",
    zoom,
    onZoom,
    gapMeans: "A break in the line: the agent did not report.",
  };
  return (
    <div className="flex flex-col gap-4">
      <TimeSeries
        {...shared}
        summary={`Hashrate of ${rig.name} over the last ${windowLabel(rig.window)}; now ${formatHashrate(rig.hashrate_hps.m15)} over 15 minutes.`}
        series={hashrate}
        height={height}
      />
      {hasHeat ? (
        <TimeSeries
          {...shared}
          summary={`Hottest device of ${rig.name} over the last ${windowLabel(rig.window)}.`}
          series={heat}
          height={Math.round(height * 0.6)}
        />
      ) : null}
    </div>
  );
}
