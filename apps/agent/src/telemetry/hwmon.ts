/** One hwmon folder: temperatures in millidegrees, fans in turns a minute, pwm in 1/255 (Documentation/hwmon/sysfs-interface of Linux). */
import { basename, join } from "node:path";
import type { DeviceReport } from "@otedama/shared/agent";
import { names, number, scaled, text } from "./sysfs.ts";

export type TemperatureReading = DeviceReport["temperatures"][number];
export type FanReading = DeviceReport["fans"][number];

/** What a broken sensor shows is not a temperature. */
export const believable = (celsius: number): boolean => celsius > -50 && celsius < 150;
const FAN_RPM_MAX = 50_000;

export function temperaturesIn(folder: string): TemperatureReading[] {
  return inputs(folder, /^temp(\d+)_input$/).flatMap(({ file, number: place }) => {
    const temperature_c = scaled(join(folder, file), 1000);
    if (temperature_c === null || !believable(temperature_c)) return [];
    return [{ sensor: label(folder, `temp${place}`), temperature_c }];
  });
}

export function fansIn(folder: string): FanReading[] {
  return inputs(folder, /^fan(\d+)_input$/).flatMap(({ file, number: place }) => {
    const rpm = number(join(folder, file));
    if (rpm === null || rpm < 0 || rpm > FAN_RPM_MAX) return [];
    const pwm = number(join(folder, `pwm${place}`));
    const percent = pwm === null || pwm < 0 || pwm > 255 ? null : Math.round((pwm / 255) * 100);
    return [{ fan: label(folder, `fan${place}`), rpm, percent }];
  });
}

function inputs(folder: string, pattern: RegExp): { file: string; number: number }[] {
  return names(folder)
    .flatMap((file) => {
      const found = pattern.exec(file);
      return found ? [{ file, number: Number(found[1]) }] : [];
    })
    .sort((a, b) => a.number - b.number);
}

/** What the driver calls it ("Package id 0"), else its file's name. */
function label(folder: string, name: string): string {
  const given = text(join(folder, `${name}_label`));
  return (given || `${text(join(folder, "name")) ?? basename(folder)} ${name}`).replace(/\p{Cc}/gu, " ").slice(0, 32);
}
